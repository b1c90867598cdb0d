import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { tableErrors } from './table-error';

/**
 * Checks `Authorization: SharedKey|SharedKeyLite <account>:<signature>` as the service's page "Authorize with Shared Key"
 * lays down for Table storage. The age of `x-ms-date` is not checked: the host's clock may be a virtual one.
 */
export class SharedKeyCheck {
  private readonly key: KeyObject;

  /** @param keyBase64 the account key. @throws Error when it is no base64. */
  constructor(
    private readonly account: string,
    keyBase64: string,
  ) {
    const bytes = Buffer.from(keyBase64, 'base64');
    if (bytes.length === 0 || bytes.toString('base64') !== keyBase64) {
      throw new Error(
        'The account key of the tables is no base64 text. Give it as the connection string has it.',
      );
    }
    this.key = createSecretKey(bytes);
  }

  /** @throws TableError AuthenticationFailed. */
  verify(request: IncomingMessage): void {
    const { authorization } = request.headers;
    const match = /^(SharedKey|SharedKeyLite) ([^:]+):(.+)$/.exec(authorization ?? '');
    if (!match) {
      throw tableErrors.authenticationFailed(
        'The Authorization header is missing or is not SharedKey or SharedKeyLite.',
      );
    }
    const [, scheme, account, signature = ''] = match;
    if (account !== this.account) throw tableErrors.authenticationFailed('The account is another one.');
    const text = scheme === 'SharedKey' ? this.fullText(request) : this.liteText(request);
    const expected = createHmac('sha256', this.key).update(text, 'utf8').digest();
    const given = Buffer.from(signature, 'base64');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw tableErrors.authenticationFailed('The signature does not match; check the account key.');
    }
  }

  private liteText(request: IncomingMessage): string {
    return `${dateOf(request)}\n${this.resource(request)}`;
  }

  private fullText(request: IncomingMessage): string {
    const header = (name: string): string => String(request.headers[name] ?? '');
    const head = [request.method, header('content-md5'), header('content-type'), dateOf(request)];
    return `${head.join('\n')}\n${this.resource(request)}`;
  }

  private resource(request: IncomingMessage): string {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    if (mark < 0) return `/${this.account}${url}`;
    const comp = new URLSearchParams(url.slice(mark + 1)).get('comp');
    return `/${this.account}${url.slice(0, mark)}${comp === null ? '' : `?comp=${comp}`}`;
  }
}

function dateOf(request: IncomingMessage): string {
  return String(request.headers['x-ms-date'] ?? request.headers.date ?? '');
}
