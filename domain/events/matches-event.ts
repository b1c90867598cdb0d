import type { CloudEvent } from '../../contracts/events';
import type { EventTrigger } from '../../contracts/triggers';

/** Whether an event that came by the trigger's source fits its filter (row A3). */
export function matchesEvent({ inputs }: EventTrigger, event: CloudEvent): boolean {
  const { origin, types, subject, data } = inputs;
  const about = event.subject ?? '';
  return (
    (origin === undefined || origin === event.source) &&
    (types === undefined || types.includes(event.type)) &&
    about.startsWith(subject?.prefix ?? '') &&
    about.endsWith(subject?.suffix ?? '') &&
    Object.entries(data ?? {}).every(([path, wanted]) => {
      const value = valueAt(event.data, path) as string;
      return Array.isArray(wanted) ? wanted.includes(value) : wanted === value;
    })
  );
}

/** The value below a path of names and indices such as `order.lines.0.sku`, or undefined. */
function valueAt(data: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      data,
    );
}
