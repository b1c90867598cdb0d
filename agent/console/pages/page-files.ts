import { flowsScript } from './flows-script';
import { flowsPage, monitorPage } from './markup';
import { monitorScript } from './monitor-script';
import { runCardScript } from './run-card-script';
import { sharedScript } from './shared-script';
import { style } from './style';

/** Scripts and styles from here alone, nothing embedded, nothing framed. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface PageFile {
  type: string;
  text: string;
}

const script = (text: string): PageFile => ({ type: 'text/javascript', text });

/** Everything that the pages are made of. They are strings so that the agent stays one file. */
const files: Readonly<Record<string, PageFile>> = {
  '/': { type: 'text/html', text: flowsPage },
  '/monitor': { type: 'text/html', text: monitorPage },
  '/console.css': { type: 'text/css', text: style },
  '/shared.js': script(sharedScript),
  '/run-card.js': script(runCardScript),
  '/flows.js': script(flowsScript),
  '/monitor.js': script(monitorScript),
};

/** @returns undefined where there is no such page. */
export function pageFile(pathname: string): PageFile | undefined {
  return Object.hasOwn(files, pathname) ? files[pathname] : undefined;
}
