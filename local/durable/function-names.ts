import type { FunctionInvoker } from './engine-api';

type Kind = 'orchestration' | 'activity' | 'entity';

const ARTICLE: Record<Kind, string> = {
  orchestration: 'an orchestrator',
  activity: 'an activity',
  entity: 'an entity',
};
const NOUN: Record<Kind, string> = { orchestration: 'orchestrator', activity: 'activity', entity: 'entity' };

/** The app's functions by name, without regard to case. */
export class FunctionNames {
  private readonly known = new Map<Kind, Map<string, string>>();

  constructor(private readonly invoker: FunctionInvoker) {}

  /** @returns the name as the app wrote it. */
  registered(kind: Kind, name: string): string | undefined {
    return this.table(kind).get(name.toLowerCase());
  }

  /** The extension's reason for refusing a function that is not there. */
  refusal(kind: Kind, name: string): string | undefined {
    const table = this.table(kind);
    if (table.has(name.toLowerCase())) return undefined;
    const known =
      table.size === 0
        ? `No ${NOUN[kind]} functions are currently registered!`
        : `The following are the known ${NOUN[kind]} functions: '${[...table.values()].join("', '")}'.`;
    return (
      `The function '${name}' doesn't exist, is disabled, or is not ${ARTICLE[kind]} function. ` +
      `Additional info: ${known}`
    );
  }

  private table(kind: Kind): Map<string, string> {
    const cached = this.known.get(kind);
    if (cached) return cached;
    const table = new Map(this.invoker.names(kind).map((name) => [name.toLowerCase(), name]));
    this.known.set(kind, table);
    return table;
  }
}
