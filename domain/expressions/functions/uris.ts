import { FunctionProblem } from '../expression-error';
import { define, text } from './define';

/** Ports that go without saying. */
const USUAL_PORTS: Record<string, number> = {
  'http:': 80,
  'https:': 443,
  'ftp:': 21,
  'ws:': 80,
  'wss:': 443,
};

function part(name: string, says: string, of: (uri: URL) => string | number) {
  return define({
    name,
    group: 'Text',
    says,
    parameters: [text('uri')],
    call: ([given]) => {
      const uri = URL.parse(given);
      if (!uri) throw new FunctionProblem(`${name}() takes an absolute URI, not "${given.slice(0, 50)}"`);
      return of(uri);
    },
  });
}

/** Parts of an address. */
export const uris = [
  part('uriHost', 'The host of a URI.', ({ hostname }) => hostname),
  part('uriPath', 'The path of a URI.', ({ pathname }) => pathname),
  part('uriPathAndQuery', 'The path of a URI and its query.', ({ pathname, search }) => pathname + search),
  part('uriPort', 'The port of a URI, or the usual one of its scheme.', ({ port, protocol }) =>
    port === '' ? (USUAL_PORTS[protocol] ?? -1) : Number(port),
  ),
  part('uriQuery', 'The query of a URI, with its question mark.', ({ search }) => search),
  part('uriScheme', 'The scheme of a URI.', ({ protocol }) => protocol.slice(0, -1)),
];
