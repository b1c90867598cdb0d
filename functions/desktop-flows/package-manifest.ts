import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { desktopFlowManifest, type DesktopFlowManifest } from '../../contracts/desktop-flow';
import { schemaProblem } from '../../domain/json-schema';
import { fieldErrors, RequestError, type FieldError } from '../problem';

const MANIFEST = 'desktop-flow.yaml';
const MANIFEST_BYTES = 256 * 1024;

/** What an agent unpacks at most; a package over it would fail on every machine. */
const UNPACKED_BYTES = 1024 * 1024 * 1024;
const FILES = 10_000;

/** Runners whose `entry` need not be a file of the package: a program or a flow that the machine has. */
const ENTRY_OUTSIDE: ReadonlySet<string> = new Set(['exec', 'pad']);

/**
 * Reads the manifest of a package without unpacking the rest.
 * @throws RequestError InvalidPackage that says what is wrong with the zip or names each wrong place of the manifest.
 */
export async function readManifest(zip: Uint8Array): Promise<DesktopFlowManifest> {
  const { manifest, names } = await readEntries(zip);
  if (manifest === undefined) throw invalid(`There is no ${MANIFEST} at the top of the zip.`);
  const parsed = desktopFlowManifest.safeParse(parseYaml(manifest));
  const errors = parsed.success ? problemsOf(parsed.data, names) : fieldErrors(parsed.error.issues);
  if (!parsed.success || errors.length > 0) {
    throw new RequestError('InvalidPackage', { detail: `${MANIFEST} is not valid.`, errors });
  }
  return parsed.data;
}

/** Names of the files, and the text of the manifest if there is one. */
async function readEntries(bytes: Uint8Array): Promise<{ manifest: string | undefined; names: Set<string> }> {
  let zip: ZipFile | undefined;
  try {
    zip = await fromBufferPromise(Buffer.from(bytes), { lazyEntries: true, strictFileNames: true });
    if (zip.entryCount > FILES) throw invalid(`The zip has more than ${FILES} files.`);
    const names = new Set<string>();
    let manifest: string | undefined;
    let unpacked = 0;
    for await (const entry of zip.eachEntry()) {
      unpacked += entry.uncompressedSize;
      if (unpacked > UNPACKED_BYTES) throw invalid(`The zip unpacks to more than ${UNPACKED_BYTES} bytes.`);
      names.add(entry.fileName);
      if (entry.fileName === MANIFEST) manifest = await readText(zip, entry);
    }
    return { manifest, names };
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    throw invalid(`The zip cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`);
  } finally {
    zip?.close();
  }
}

async function readText(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > MANIFEST_BYTES) throw invalid(`${MANIFEST} is over ${MANIFEST_BYTES} bytes.`);
  return text(await zip.openReadStreamPromise(entry));
}

function parseYaml(manifest: string): unknown {
  try {
    return parse(manifest, { maxAliasCount: 50 });
  } catch (cause) {
    throw invalid(`${MANIFEST} is not YAML: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function problemsOf(manifest: DesktopFlowManifest, names: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  if (!ENTRY_OUTSIDE.has(manifest.runner) && !names.has(manifest.entry)) {
    errors.push({ path: 'entry', message: `"${manifest.entry}" is not in the package` });
  }
  for (const side of ['inputs', 'outputs'] as const) {
    const problem = manifest[side] && schemaProblem(manifest[side]);
    if (problem) errors.push({ path: side, message: problem });
  }
  return errors;
}

function invalid(detail: string): RequestError {
  return new RequestError('InvalidPackage', { detail });
}
