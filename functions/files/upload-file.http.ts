import type { Ports } from '../../adapters/ports';
import { fileKey } from '../../adapters/blobs/blob-keys';
import type { UploadedFile } from '../../contracts/api-flows';
import { http, json, type Handler } from '../http';
import { readBytes, sha256Hex } from '../request-body';

/** POST files: any bytes; the id is their SHA-256, so the same file is kept once. */
export function uploadFile(ports: Ports): Handler {
  return http(async (request) => {
    const content = await readBytes(request, ports.settings.maxFileBytes);
    const body: UploadedFile = { id: sha256Hex(content), bytes: content.byteLength };
    await ports.blobs.put(fileKey(body.id), content);
    return json(body, 201);
  });
}
