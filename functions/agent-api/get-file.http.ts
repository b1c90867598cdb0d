import type { Ports } from '../../adapters/ports';
import { fileKey } from '../../adapters/blobs/blob-keys';
import { http, type Handler } from '../http';
import { contentFor } from './content';

/** GET agent/files/{id} (signed): a file that was given as input. */
export function getFile(ports: Ports): Handler {
  return http((request) =>
    contentFor({ ports, request, id: request.params['id'], key: fileKey, type: 'application/octet-stream' }),
  );
}
