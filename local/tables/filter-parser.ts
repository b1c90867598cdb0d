import { parseInstant, type Scalar } from './edm';
import type { Comparator, Filter } from './filter';
import { tableErrors } from './table-error';

/** Limit of the service's documentation ("Querying tables and entities"): 15 comparisons in one filter. */
const MAX_COMPARISONS = 15;
const MAX_DEPTH = 60;

const TOKEN =
  /\s*(?:(?<typed>(?:datetime|guid|binary|X)'[^']*')|(?<text>'(?:[^']|'')*')|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[LlDdFfMm]?)(?![\p{L}\d_.'])|(?<word>[\p{L}_][\p{L}\p{Nd}_]*)|(?<bracket>[(),]))/uy;
const COMPARATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);
const OPPOSITE: Record<Comparator, Comparator> = {
  eq: 'eq',
  ne: 'ne',
  gt: 'lt',
  ge: 'le',
  lt: 'gt',
  le: 'ge',
};

type TokenKind = 'typed' | 'text' | 'number' | 'word' | 'bracket' | 'end';
interface Token {
  kind: TokenKind;
  text: string;
  at: number;
}

type Operand = { property: string } | { literal: Scalar };

/**
 * Parses an OData `$filter` as the Table service takes it: `and`, `or`, `not`, brackets, the six comparisons, literals of
 * all eight types, a boolean property by itself.
 * @throws TableError InvalidInput naming the position; NotImplemented for functions.
 */
export function parseFilter(text: string): Filter {
  return new FilterParser(text, tokenize(text)).parse();
}

function syntaxError(text: string, at: number, what: string): Error {
  return tableErrors.invalidInput(`Syntax error at position ${at} in '${text}': ${what}.`);
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex + (/^\s*/.exec(text.slice(TOKEN.lastIndex))?.[0].length ?? 0);
    const groups = TOKEN.exec(text)?.groups;
    const found = Object.entries(groups ?? {}).find(([, value]) => value !== undefined);
    if (!found) throw syntaxError(text, from, 'this is no part of a filter');
    const [kind, value] = found;
    tokens.push({ kind: kind as TokenKind, text: value, at: TOKEN.lastIndex - value.length });
  }
  tokens.push({ kind: 'end', text: '', at: end });
  return tokens;
}

class FilterParser {
  private next = 0;
  private depth = 0;
  private comparisons = 0;

  constructor(
    private readonly text: string,
    private readonly tokens: readonly Token[],
  ) {}

  parse(): Filter {
    const filter = this.or();
    if (this.peek().kind !== 'end') throw this.unexpected('the end of the filter');
    return filter;
  }

  private or(): Filter {
    let left = this.and();
    while (this.takeWord('or')) left = { kind: 'or', left, right: this.and() };
    return left;
  }

  private and(): Filter {
    let left = this.unary();
    while (this.takeWord('and')) left = { kind: 'and', left, right: this.unary() };
    return left;
  }

  private unary(): Filter {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw this.unexpected(`at most ${MAX_DEPTH} levels of nesting`);
    let filter: Filter;
    if (this.takeWord('not')) filter = { kind: 'not', operand: this.unary() };
    else if (this.peek().text === '(') filter = this.bracketed();
    else filter = this.comparison();
    this.depth -= 1;
    return filter;
  }

  private bracketed(): Filter {
    this.next += 1;
    const inner = this.or();
    if (this.peek().text !== ')') throw this.unexpected("')'");
    this.next += 1;
    return inner;
  }

  private comparison(): Filter {
    this.comparisons += 1;
    if (this.comparisons > MAX_COMPARISONS) {
      throw tableErrors.invalidInput(
        `A filter has at most ${MAX_COMPARISONS} comparisons. Ask in several queries.`,
      );
    }
    const left = this.operand();
    const word = this.peek();
    if (word.kind !== 'word' || !COMPARATORS.has(word.text)) return this.condition(left);
    this.next += 1;
    const comparator = word.text as Comparator;
    const right = this.operand();
    if ('property' in left && 'literal' in right) {
      return { kind: 'compare', property: left.property, comparator, literal: right.literal };
    }
    if ('literal' in left && 'property' in right) {
      return {
        kind: 'compare',
        property: right.property,
        comparator: OPPOSITE[comparator],
        literal: left.literal,
      };
    }
    throw syntaxError(
      this.text,
      word.at,
      'a comparison needs a property on one side and a value on the other',
    );
  }

  /** A property or literal that stands alone as a condition. */
  private condition(operand: Operand): Filter {
    if ('property' in operand) {
      return {
        kind: 'compare',
        property: operand.property,
        comparator: 'eq',
        literal: { kind: 'boolean', value: true },
      };
    }
    if (operand.literal.kind === 'boolean') return { kind: 'constant', value: operand.literal.value };
    throw this.unexpected('one of eq, ne, gt, ge, lt, le');
  }

  private operand(): Operand {
    const token = this.peek();
    this.next += 1;
    switch (token.kind) {
      case 'text':
        return { literal: { kind: 'string', value: token.text.slice(1, -1).replaceAll("''", "'") } };
      case 'number':
        return { literal: { kind: 'number', value: this.number(token) } };
      case 'typed':
        return { literal: this.typed(token) };
      case 'word':
        return this.word(token);
      default:
        this.next -= 1;
        throw this.unexpected('a property or a value');
    }
  }

  private word(token: Token): Operand {
    if (token.text === 'true' || token.text === 'false') {
      return { literal: { kind: 'boolean', value: token.text === 'true' } };
    }
    if (this.peek().text === '(') {
      throw tableErrors.notImplemented(
        `The function ${token.text} is not part of the Table service's filters.`,
      );
    }
    if (COMPARATORS.has(token.text) || token.text === 'and' || token.text === 'or') {
      this.next -= 1;
      throw this.unexpected('a property or a value');
    }
    return { property: token.text };
  }

  private number(token: Token): number | bigint {
    const digits = token.text.replace(/[LlDdFfMm]$/, '');
    return /[Ll]$/.test(token.text) && /^-?\d+$/.test(digits) ? BigInt(digits) : Number(digits);
  }

  private typed(token: Token): Scalar {
    const quote = token.text.indexOf("'");
    const value = token.text.slice(quote + 1, -1);
    switch (token.text.slice(0, quote)) {
      case 'datetime': {
        const ticks = parseInstant(value);
        if (ticks !== undefined) return { kind: 'datetime', value: ticks };
        break;
      }
      case 'guid':
        if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
          return { kind: 'guid', value: value.toLowerCase() };
        }
        break;
      default:
        if (/^([0-9a-f]{2})*$/i.test(value)) return { kind: 'binary', value: value.toLowerCase() };
    }
    throw syntaxError(this.text, token.at, `${token.text} is no valid value`);
  }

  private takeWord(word: string): boolean {
    const token = this.peek();
    if (token.kind !== 'word' || token.text !== word) return false;
    this.next += 1;
    return true;
  }

  private peek(): Token {
    return this.tokens[this.next] ?? { kind: 'end', text: '', at: this.text.length };
  }

  private unexpected(expected: string): Error {
    const token = this.peek();
    const found = token.kind === 'end' ? 'the end' : `'${token.text}'`;
    return syntaxError(this.text, token.at, `expected ${expected}, found ${found}`);
  }
}
