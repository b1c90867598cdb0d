import type { Ports } from '../../adapters/ports';
import { packageKey } from '../../adapters/blobs/blob-keys';
import { http, type Handler } from '../http';
import { contentFor } from './content';

/** GET agent/packages/{hash} (signed): the zip of a desktop flow. */
export function getPackage(ports: Ports): Handler {
  return http((request) =>
    contentFor({ ports, request, id: request.params['hash'], key: packageKey, type: 'application/zip' }),
  );
}
