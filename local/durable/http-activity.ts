import type { InvocationResult } from './engine-api';
import type { HttpRequestAction } from './sdk-actions';

/** `callHttp`'s request may take this long (ms), HttpClient's default. */
const TIMEOUT_MS = 100_000;

/**
 * The extension's built-in activity behind `callHttp`. Any status is a result; only a request that cannot be made fails.
 * @param requestJson the SDK's request as JSON text.
 */
export async function callHttp(requestJson: string): Promise<InvocationResult> {
  const request = JSON.parse(requestJson) as HttpRequestAction;
  if (request.tokenSource !== undefined && request.tokenSource !== null) {
    return { ok: false, message: 'A token source (managed identity) is not available outside Azure.' };
  }
  const headers = new Headers(request.headers ?? {});
  const content = request.content ?? undefined;
  if (headers.get('content-type')?.includes('multipart')) {
    return { ok: false, message: 'Multipart content is not supported with CallHttpAsync.' };
  }
  if (content !== undefined && !headers.has('content-type')) headers.set('content-type', 'text/plain');
  try {
    const response = await fetch(request.uri, {
      method: request.method,
      headers,
      ...(content !== undefined && { body: content }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const value = {
      statusCode: response.status,
      headers: responseHeaders(response.headers),
      content: await response.text(),
    };
    return { ok: true, value };
  } catch (cause) {
    const { message, cause: inner } = cause as { message?: string; cause?: { message?: string } };
    return { ok: false, message: inner?.message ?? message ?? String(cause) };
  }
}

/** Header names as .NET spells them; those of the content are left out, as the extension leaves them out. */
function responseHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith('content-') && name !== 'connection' && name !== 'keep-alive') {
      kept[name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())] = value;
    }
  }
  return kept;
}
