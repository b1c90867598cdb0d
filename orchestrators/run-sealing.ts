import type { DurableOrchestrationContext } from 'durable-functions';
import { isSealed, useOfRun, type MaybeSealed, type Sealer } from '../contracts/sealed-values';

/**
 * What an orchestration of a cloud-flow run hands on while the flow secures data: sealed, since all of it is kept in histories. Plain it is only
 * in the memory of the process that replays the orchestration, where its expressions are evaluated (docs/adr/0007).
 */
export class RunSealing {
  /** Whether the flow secures data; `openInput` finds out for parts of a run. */
  on = false;
  private readonly use: string;

  constructor(
    df: Pick<DurableOrchestrationContext, 'instanceId'>,
    private readonly sealer: Sealer,
  ) {
    this.use = useOfRun(df.instanceId);
  }

  seal<T>(value: T): MaybeSealed<T> {
    return this.on ? this.sealer.seal(value, this.use) : value;
  }

  /** @throws Error when it was sealed by another key or for another run. */
  open<T>(value: MaybeSealed<T>): T {
    return this.on && isSealed(value) ? (this.sealer.open(value, this.use) as T) : (value as T);
  }

  /** The input of a part of a run, which is sealed as a whole. */
  openInput<T>(input: MaybeSealed<T>): T {
    this.on = isSealed(input);
    return this.open(input);
  }
}
