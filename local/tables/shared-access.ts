import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { EntityKey } from './entity';
import { compareText } from './filter';
import type { Permit } from './permit';
import { tableErrors, type TableError } from './table-error';

/** The account whose key signs. */
interface Account {
  account: string;
  key: string;
}

/** Shared access signatures are signed differently before this version of the service. */
const FIRST_VERSION = '2015-04-05';
/** From this version on, an account's signature also covers the encryption scope. */
const SCOPE_VERSION = '2020-12-06';

/**
 * Checks shared access signatures in the query of a request: those for one table ("Create a service SAS") and those for the
 * account ("Create an account SAS"). Stored access policies (`si`) are not offered. Times are real time.
 */
export class SharedAccessCheck {
  private readonly account: string;
  private readonly key: KeyObject;

  constructor({ account, key }: Account) {
    this.account = account;
    this.key = createSecretKey(Buffer.from(key, 'base64'));
  }

  /**
   * @param query the request's, with `sig`.
   * @param address the sender's IP address.
   * @throws TableError AuthenticationFailed, AuthorizationProtocolMismatch, AuthorizationSourceIPMismatch.
   */
  verify(query: URLSearchParams, address: string): Permit {
    const field = (name: string): string => query.get(name) ?? '';
    if (query.has('si')) throw failed('Stored access policies (si) are not offered.');
    if (field('sv') < FIRST_VERSION)
      throw failed(`The signature's version (sv) is not ${FIRST_VERSION} or later.`);
    const isForTable = query.has('tn');
    const text = isForTable ? this.tableText(field) : this.accountText(field);
    const expected = createHmac('sha256', this.key).update(text, 'utf8').digest();
    const given = Buffer.from(field('sig'), 'base64');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw failed('The shared access signature (sig) does not match its fields.');
    }
    checkTime(field('st'), field('se'));
    if (field('spr') === 'https') throw tableErrors.authorizationMismatch('Protocol', 'using this protocol');
    if (!inIpRange(field('sip'), address)) {
      throw tableErrors.authorizationMismatch('SourceIP', 'from this address');
    }
    if (isForTable) return tablePermit(query);
    if (!field('ss').includes('t')) throw tableErrors.authorizationMismatch('Service', 'using this service');
    return accountPermit(field('sp'), field('srt'));
  }

  private tableText(field: (name: string) => string): string {
    const resource = `/table/${this.account}/${field('tn').toLowerCase()}`;
    const head = [field('sp'), field('st'), field('se'), resource, field('si'), field('sip'), field('spr')];
    return [...head, field('sv'), field('spk'), field('srk'), field('epk'), field('erk')].join('\n');
  }

  private accountText(field: (name: string) => string): string {
    const names = ['sp', 'ss', 'srt', 'st', 'se', 'sip', 'spr', 'sv'];
    if (field('sv') >= SCOPE_VERSION) names.push('ses');
    return `${[this.account, ...names.map(field)].join('\n')}\n`;
  }
}

function failed(detail: string): TableError {
  return tableErrors.authenticationFailed(detail);
}

function checkTime(start: string, end: string): void {
  const now = Date.now();
  if (start !== '' && !(Date.parse(start) <= now))
    throw failed(`The signature is not valid before ${start}.`);
  if (!(Date.parse(end) > now))
    throw failed(`The signature is valid until '${end}', which is past or no time.`);
}

function inIpRange(range: string, address: string): boolean {
  if (range === '') return true;
  const [first = '', last = first] = range.split('-');
  const [low, high, own] = [first, last, address.replace(/^::ffff:/, '')].map(ipv4Number);
  return low !== undefined && high !== undefined && own !== undefined && low <= own && own <= high;
}

function ipv4Number(address: string): number | undefined {
  if (!isIPv4(address)) return undefined;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function requireRights(granted: string, rights: string): void {
  if (rights.split('').some((right) => !granted.includes(right))) {
    throw tableErrors.authorizationMismatch('Permission', 'using this permission');
  }
}

function resourceMismatch(): TableError {
  return tableErrors.authorizationMismatch('ResourceType', 'using this resource type');
}

function tablePermit(query: URLSearchParams): Permit {
  const table = (query.get('tn') ?? '').toLowerCase();
  const low = rangeEnd(query, 'spk', 'srk');
  const high = rangeEnd(query, 'epk', 'erk');
  return {
    tables() {
      throw resourceMismatch();
    },
    entities(asked, rights) {
      if (asked.toLowerCase() !== table) throw failed(`The signature is for the table '${table}'.`);
      requireRights(query.get('sp') ?? '', rights);
    },
    covers: (key) =>
      (low === undefined || compareKeys(key, low) >= 0) &&
      (high === undefined || compareKeys(key, high) <= 0),
  };
}

/** One end of a signature's range of keys; undefined fields leave it open. */
type RangeEnd = Pick<EntityKey, 'partitionKey'> & Partial<EntityKey>;

function rangeEnd(query: URLSearchParams, partition: string, row: string): RangeEnd | undefined {
  const partitionKey = query.get(partition);
  const rowKey = query.get(row);
  return partitionKey === null ? undefined : { partitionKey, ...(rowKey !== null && { rowKey }) };
}

function compareKeys(key: EntityKey, end: RangeEnd): number {
  const order = compareText(key.partitionKey, end.partitionKey);
  return order === 0 && end.rowKey !== undefined ? compareText(key.rowKey, end.rowKey) : order;
}

function accountPermit(granted: string, resourceTypes: string): Permit {
  return {
    tables(action) {
      if (!resourceTypes.includes('c')) throw resourceMismatch();
      if (action !== 'create') requireRights(granted, action === 'list' ? 'l' : 'd');
      else if (!granted.includes('w')) requireRights(granted, 'c');
    },
    entities(_table, rights) {
      if (!resourceTypes.includes('o')) throw resourceMismatch();
      requireRights(granted, rights);
    },
    covers: () => true,
  };
}
