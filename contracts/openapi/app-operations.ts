import { z } from 'zod';
import { health } from '../api-machines';
import { NOW } from './examples';
import { answer, type Operation } from './operation';

/** An OpenAPI document, as far as its readers can rely on it. */
export const openapiDocument = z.looseObject({ openapi: z.literal('3.1.0') });

export const appOperations: readonly Operation[] = [
  {
    name: 'get-health',
    method: 'GET',
    route: 'health',
    tag: 'App',
    summary: 'Ask whether the app is there',
    access: 'anyone',
    answers: [answer({ what: 'It is.' }, health, { status: 'ok', time: NOW })],
    errors: [],
  },
  {
    name: 'get-openapi',
    method: 'GET',
    route: 'openapi.json',
    tag: 'App',
    summary: 'Read this description',
    access: 'anyone',
    answers: [
      answer({ what: 'The description of this API.' }, openapiDocument, {
        openapi: '3.1.0',
        info: { title: 'Attendant', version: '0.1.0' },
      }),
    ],
    errors: [],
  },
];
