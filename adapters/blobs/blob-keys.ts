/** Keys of everything kept as a blob. Content-addressed keys hold one content for ever. */

export function flowSnapshotKey(hash: string): string {
  return `flows/${hash}.json`;
}

export function packageKey(hash: string): string {
  return `packages/${hash}.zip`;
}

/** A file that somebody uploaded as input; its id is its SHA-256. */
export function fileKey(id: string): string {
  return `files/${id}`;
}

/** Ends with `/`: all that is kept of a run lies under it. */
export function runFolder(run: string): string {
  return `runs/${run}/`;
}

/** Ends with `/`: what a desktop-flow run left behind lies under it. */
export function artifactsPrefix(run: string): string {
  return `${runFolder(run)}artifacts/`;
}

export function artifactKey(run: string, name: string): string {
  return `${artifactsPrefix(run)}${name}`;
}

/** Ends with `/`: the log segments of a desktop-flow run. */
export function logPrefix(run: string): string {
  return `runs/${run}/log/`;
}

/** Log lines of a desktop-flow run, by the number of the segment; in order of key. */
export function logSegmentKey(run: string, segment: number): string {
  return `${logPrefix(run)}${String(segment).padStart(8, '0')}.jsonl`;
}

/** Story and outputs of a run that its machine started while it was cut off. */
export function consoleReportKey(run: string): string {
  return `${runFolder(run)}console.json`;
}

/** Inputs or outputs of an action of a cloud-flow run that are too long for their record; content-addressed. */
export function actionValueKey(run: string, hash: string): string {
  return `runs/${run}/values/${hash}.json`;
}
