import type { FlowDefinition } from '../../contracts/flow-definition';

/** What a desktop-flow action names before it runs; an expression names nothing yet. */
export interface PlannedAction {
  action: string;
  desktopFlow: string | undefined;
  connection: string | undefined;
}

/** Every desktop-flow action of a definition, also those inside of scopes, conditions and loops. */
export function desktopFlowActions(definition: Pick<FlowDefinition, 'actions'>): PlannedAction[] {
  return [...inside(definition.actions, '')];
}

function* inside(value: unknown, name: string): Generator<PlannedAction> {
  if (typeof value !== 'object' || value === null) return;
  if (isDesktopFlow(value)) {
    const { desktopFlow, connection } = value.inputs;
    yield { action: name, desktopFlow: literal(desktopFlow), connection: literal(connection) };
    return;
  }
  for (const [key, child] of Object.entries(value)) yield* inside(child, key);
}

function isDesktopFlow(value: object): value is { inputs: { desktopFlow?: unknown; connection?: unknown } } {
  return (
    'type' in value && value.type === 'DesktopFlow' && 'inputs' in value && typeof value.inputs === 'object'
  );
}

function literal(text: unknown): string | undefined {
  return typeof text === 'string' && !text.includes('@') ? text : undefined;
}
