import type { Failure } from './history';
import { HTTP_ACTIVITY } from './replay-actions';
import { friendlyMessage } from './sdk-actions';

/**
 * How a failed activity appears in the history. The details have the shape of the extension's serialised exception; the
 * .NET frames of the real host are not there.
 */
export function activityFailure(name: string, message: string, stack: string | undefined): Failure {
  if (name === HTTP_ACTIVITY) {
    return { reason: message, details: exceptionJson('System.Net.Http.HttpRequestException', message, null) };
  }
  const structured = structuredFailure(message);
  // The host's text is "Result: Failure\nException: <message>\nStack: …"; the extension keeps the blank.
  const visible = ` ${friendlyMessage(structured?.errorMessage ?? message)}`;
  return {
    reason: `Activity function '${name}' failed: ${visible}`,
    details: exceptionJson('System.Exception', visible, rpcException(message, stack ?? '')),
    failureDetails: structured ? wireDetails(structured) : null,
  };
}

function exceptionJson(className: string, message: string, inner: unknown): string {
  return JSON.stringify({
    $type: `${className}, System.Private.CoreLib`,
    ClassName: className,
    Message: message,
    Data: null,
    InnerException: inner,
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: -2146233088,
    Source: null,
    WatsonBuckets: null,
  });
}

function rpcException(message: string, stack: string): unknown {
  return {
    $type: 'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script',
    IsUserException: false,
    RemoteStackTrace: stack,
    RemoteMessage: message,
    RemoteTypeName: null,
    Message: `Result: Failure\nException: ${message}\nStack: ${stack}`,
    Data: { $type: 'System.Collections.ListDictionaryInternal, System.Private.CoreLib' },
    InnerException: null,
    HelpLink: null,
    Source: 'System.Private.CoreLib',
    HResult: -2146233088,
    StackTrace: null,
  };
}

/** What the SDK puts into the message when the app registered an exception properties provider. */
interface StructuredFailure {
  errorType: string;
  errorMessage: string;
  stackTrace?: string;
  isNonRetriable?: boolean;
  properties?: Record<string, unknown>;
}

function structuredFailure(message: string): StructuredFailure | undefined {
  if (!message.startsWith('{"errorType":')) return undefined;
  try {
    const value = JSON.parse(message) as Partial<StructuredFailure>;
    return typeof value.errorType === 'string' && typeof value.errorMessage === 'string'
      ? (value as StructuredFailure)
      : undefined;
  } catch {
    return undefined;
  }
}

const wireDetails = (failure: StructuredFailure): Record<string, unknown> => ({
  ErrorType: failure.errorType,
  ErrorMessage: failure.errorMessage,
  StackTrace: failure.stackTrace ?? null,
  InnerFailure: null,
  IsNonRetriable: failure.isNonRetriable ?? false,
  Properties: failure.properties ?? null,
});
