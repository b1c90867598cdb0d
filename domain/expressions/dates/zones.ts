import { IANAZone } from 'luxon';
import { findIana } from 'windows-iana';
import { FunctionProblem } from '../expression-error';
import { DAY, MINUTE, plusMs, type DateValue } from './date-value';

/**
 * The zone of a Windows name (`Pacific Standard Time`) or of the IANA's (`America/Los_Angeles`).
 * @throws FunctionProblem
 */
export function zoneNamed(name: string): IANAZone {
  const [iana = name] = findIana(name);
  if (name.length <= 100 && IANAZone.isValidZone(iana)) return IANAZone.create(iana);
  throw new FunctionProblem(`there is no time zone "${name.slice(0, 100)}"`);
}

/** What a clock in the zone shows at an instant. */
export function fromUtc(date: DateValue, zone: IANAZone): DateValue {
  return { ...plusMs(date, zone.offset(date.ms) * MINUTE), utc: false };
}

/**
 * The instant at which a clock in the zone shows this. What it shows twice, at the end of summer time, is taken as standard time.
 * @throws FunctionProblem for what it never shows, at the beginning of summer time.
 */
export function toUtc(date: DateValue, zone: IANAZone): DateValue {
  const instants = [date.ms - DAY, date.ms + DAY]
    .map((near) => date.ms - zone.offset(near) * MINUTE)
    .filter((instant) => instant + zone.offset(instant) * MINUTE === date.ms);
  if (instants.length === 0) {
    throw new FunctionProblem(
      `no clock in ${zone.name} shows ${new Date(date.ms).toISOString().slice(0, 19)}`,
    );
  }
  return { ...plusMs(date, Math.max(...instants) - date.ms), utc: true };
}
