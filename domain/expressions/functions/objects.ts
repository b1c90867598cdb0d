import { FunctionProblem } from '../expression-error';
import { anything, define, object, text } from './define';

export const objects = [
  define({
    name: 'setProperty',
    group: 'Objects',
    says: 'The object with a property added or replaced.',
    parameters: [object('object'), text('property'), anything('value')],
    call: ([value, property, replacement]) => ({ ...value, [property]: replacement ?? null }),
  }),
  define({
    name: 'addProperty',
    group: 'Objects',
    says: 'The object with a property that it did not have.',
    parameters: [object('object'), text('property'), anything('value')],
    call: ([value, property, addition]) => {
      if (Object.hasOwn(value, property)) {
        throw new FunctionProblem(
          `addProperty() finds a property "${property}" already; setProperty() replaces it`,
        );
      }
      return { ...value, [property]: addition ?? null };
    },
  }),
  define({
    name: 'removeProperty',
    group: 'Objects',
    says: 'The object without a property.',
    parameters: [object('object'), text('property')],
    call: ([value, property]) =>
      Object.fromEntries(Object.entries(value).filter(([name]) => name !== property)),
  }),
];
