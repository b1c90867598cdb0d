import type { FlowAction, FlowActions } from '../../contracts/flow-definition/control-actions';

/** The blocks inside an action, by the path that leads to them (`['else', 'actions']`); empty for one that holds no others. */
export function blocksOf(action: FlowAction): { path: string[]; actions: FlowActions }[] {
  const inner = (path: string[], block: { actions: FlowActions } | undefined) =>
    block ? [{ path: [...path, 'actions'], actions: block.actions }] : [];
  switch (action.type) {
    case 'Scope':
    case 'Foreach':
    case 'Until':
      return inner([], action);
    case 'If':
      return [...inner([], action), ...inner(['else'], action.else)];
    case 'Switch':
      return [
        ...Object.entries(action.cases).flatMap(([name, each]) => inner(['cases', name], each)),
        ...inner(['default'], action.default),
      ];
    default:
      return [];
  }
}

export interface PlacedAction {
  name: string;
  action: FlowAction;
  /** From the top of the definition, such as `['actions', 'Loop', 'actions', 'Step']`. */
  path: string[];
  /** Names of the actions around it, outermost first. */
  around: string[];
}

/** Every action at any depth, each before those inside it. */
export function everyAction(
  actions: FlowActions,
  at: string[] = ['actions'],
  around: string[] = [],
): PlacedAction[] {
  return Object.entries(actions).flatMap(([name, action]) => {
    const path = [...at, name];
    const inside = blocksOf(action).flatMap((block) =>
      everyAction(block.actions, [...path, ...block.path], [...around, name]),
    );
    return [{ name, action, path, around }, ...inside];
  });
}

/** Whether the actions inside are walked in rounds, each by itself. */
export function isLoop({ type }: Pick<FlowAction, 'type'>): boolean {
  return type === 'Foreach' || type === 'Until';
}

/** The actions inside, at any depth, that are walked with the run itself: those of loops are walked once for each round. */
export function innerNames(action: FlowAction): string[] {
  if (isLoop(action)) return [];
  return blocksOf(action).flatMap(({ actions }) =>
    Object.entries(actions).flatMap(([name, inner]) => [name, ...innerNames(inner)]),
  );
}
