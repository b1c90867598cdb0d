import type { EntityContext } from 'durable-functions';
import { DummyEntityContext } from 'durable-functions';

export interface SentSignal {
  to: string;
  operation: string;
  input: unknown;
}

/** One entity in memory. State, inputs and answers pass as JSON text, as they do in the SDK. */
export class HostedEntity {
  state: string | undefined;
  signals: SentSignal[] = [];
  answers = 0;

  constructor(
    private readonly name: string,
    private readonly key: string,
    // The state's type is the entity's own affair.
    // oxlint-disable-next-line typescript/no-explicit-any -- EntityContext is invariant in its state type
    private readonly handler: (context: EntityContext<any>) => void | Promise<void>,
  ) {}

  call<Answer>(operation: string, input?: unknown): Answer {
    const { context, answer } = this.prepare(operation, input);
    void this.handler(context);
    return answer<Answer>();
  }

  /** As `call`, for an entity that waits for something. */
  async callWaiting<Answer>(operation: string, input?: unknown): Promise<Answer> {
    const { context, answer } = this.prepare(operation, input);
    await this.handler(context);
    return answer<Answer>();
  }

  private prepare(
    operation: string,
    input: unknown,
  ): { context: EntityContext<unknown>; answer: <Answer>() => Answer } {
    let answer: string | undefined;
    const context = new DummyEntityContext<unknown>(this.name, 'test', () => undefined);
    context.df = {
      entityName: this.name,
      entityKey: this.key,
      entityId: { name: this.name, key: this.key },
      operationName: operation,
      isNewlyConstructed: this.state === undefined,
      getState: () => (this.state === undefined ? undefined : (JSON.parse(this.state) as unknown)),
      setState: (state) => {
        this.state = JSON.stringify(state);
      },
      getInput: <T>() => (input === undefined ? undefined : (JSON.parse(JSON.stringify(input)) as T)),
      return: (result) => {
        this.answers += 1;
        answer = JSON.stringify(result);
      },
      destructOnExit: () => {
        this.state = undefined;
      },
      signalEntity: (entity, name, signalInput) => {
        this.signals.push({ to: `${entity.name}/${entity.key}`, operation: name, input: signalInput });
      },
    };
    return {
      context,
      answer: <Answer>() => {
        if (answer === undefined) throw new Error(`${operation} was not answered`);
        return JSON.parse(answer) as Answer;
      },
    };
  }
}
