import { Agent, request } from 'node:http';

/** A lean keep-alive client, so that the bench measures the product and not its own client. */
export class BenchApi {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const bytes =
      body instanceof Uint8Array ? body : body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const type = body instanceof Uint8Array ? 'application/zip' : 'application/json';
    return new Promise<T>((resolve, reject) => {
      const out = request(
        new URL(path, this.url),
        {
          method,
          agent: this.agent,
          headers: {
            'x-functions-key': this.key,
            ...(bytes ? { 'content-type': type, 'content-length': bytes.length } : {}),
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => (text += chunk));
          answer.on('end', () => {
            const status = answer.statusCode ?? 0;
            if (status >= 300) reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`));
            else resolve((text === '' ? undefined : JSON.parse(text)) as T);
          });
        },
      );
      out.on('error', reject);
      out.end(bytes);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
