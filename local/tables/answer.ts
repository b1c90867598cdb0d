import type { Metadata } from './entity-json';
import { tableErrors } from './table-error';

/** What to send; `changed` when the store was written and the answer must wait for the disk. */
export interface TableAnswer {
  status: number;
  headers: Record<string, string>;
  body?: string;
  changed?: true;
}

/** The Content-Type of a JSON answer. */
export function jsonType(metadata: Metadata): string {
  const level = metadata === 'none' ? 'nometadata' : `${metadata}metadata`;
  return `application/json;odata=${level};streaming=true;charset=utf-8`;
}

/** @returns what `$format`, else `Accept`, asks for. @throws TableError for formats other than JSON. */
export function metadataOf(accept: string | undefined, format: string | null): Metadata {
  const asked = (format ?? accept ?? '').toLowerCase();
  if (asked.includes('odata=nometadata')) return 'none';
  if (asked.includes('odata=fullmetadata')) return 'full';
  if (asked === '' || asked.includes('json') || asked.includes('*/*')) return 'minimal';
  throw tableErrors.formatNotSupported(asked);
}
