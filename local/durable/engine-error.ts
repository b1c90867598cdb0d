/** Refusals of the engine; `code` is stable. */
export type EngineErrorCode =
  | 'PayloadTooLarge' // an input, event or operation exceeds `maxPayloadBytes`
  | 'InvalidContinuationToken' // a token that no query of this engine gave out
  | 'InvalidJson' // a payload that should be JSON text is not
  | 'EngineStopped'; // the engine is stopping or stopped

export class EngineError extends Error {
  constructor(
    readonly code: EngineErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'EngineError';
  }
}
