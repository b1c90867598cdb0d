import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Ports } from '../../adapters/ports';
import { contentHash } from '../../contracts/ids';
import { RequestError } from '../problem';
import { requireMachine } from './signed-request';

/**
 * Content under its hash, for a machine. The hash is the right to read it: only a `go` tells a machine one.
 * @throws RequestError FileNotFound, and those of requireMachine
 */
export async function contentFor(options: {
  ports: Ports;
  request: HttpRequest;
  id: string | undefined;
  key: (hash: string) => string;
  type: string;
}): Promise<HttpResponseInit> {
  const { ports, request, key, type } = options;
  await requireMachine(ports, request, new Uint8Array());
  const id = contentHash.safeParse(options.id);
  const content = id.success ? await ports.blobs.get(key(id.data)) : undefined;
  if (!content) throw new RequestError('FileNotFound');
  return { status: 200, headers: { 'content-type': type }, body: content };
}
