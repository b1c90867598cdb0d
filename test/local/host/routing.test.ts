import type { RegisteredFunction } from '../../../local/host/app-registry';
import { HttpRouter } from '../../../local/host/http-router';
import { compileRoute } from '../../../local/host/route-template';

function routerOf(...routes: (string | { route: string; methods: string[] })[]): HttpRouter {
  const functions = routes.map((each, index): RegisteredFunction => {
    const trigger = typeof each === 'string' ? { route: each } : each;
    return {
      id: `f${index}`,
      name: typeof each === 'string' ? each : `${each.methods.join()} ${each.route}`,
      metadata: { name: `f${index}`, bindings: {} },
      callback: () => undefined,
      trigger: { type: 'httpTrigger', name: 'req', direction: 'in', ...trigger },
      scriptFile: '',
      directory: '',
    };
  });
  return new HttpRouter(functions, 'api');
}

describe('routes as ASP.NET reads them', () => {
  test.each([
    ['runs/{id}', '/runs/7', { id: '7' }],
    ['runs/{id:int}', '/runs/x', undefined],
    ['runs/{id:int:min(5)}', '/runs/4', undefined],
    [
      'runs/{id:guid}',
      '/runs/0f8fad5b-d9cb-469f-a165-70867728950e',
      { id: '0f8fad5b-d9cb-469f-a165-70867728950e' },
    ],
    ['runs/{id:guid}', '/runs/7', undefined],
    ['files/{*rest}', '/files/a/b', { rest: 'a/b' }],
    ['files/{*rest}', '/files', {}],
    ['runs/{id?}', '/runs', {}],
    ['runs/{id=all}', '/runs/', { id: 'all' }],
    ['v{major}.{minor}/x', '/v1.2/x', { major: '1', minor: '2' }],
    ['{name:regex(^[a-z]{{2,3}}$)}', '/abc', { name: 'abc' }],
    ['{name:regex(^[a-z]{{2,3}}$)}', '/abcd', undefined],
    ['{ignored:maxlength(0)?}', '/', {}],
    ['{code:length(2,3)}', '/abcd', undefined],
    ['Runs', '/rUNS/', {}],
  ])('%s against %s', (template, path, values) => {
    expect(compileRoute(template, 'f').match(path)).toEqual(values);
  });

  test('the more precise template wins, whatever the order of registration', () => {
    const router = routerOf('runs/{*rest}', 'runs/{id}', 'runs/{id:int}', 'runs/latest');
    const winner = (path: string): string | undefined => router.match('GET', path)?.fn.name;
    expect(['/api/runs/latest', '/api/runs/7', '/api/runs/x', '/api/runs/x/y'].map(winner)).toEqual([
      'runs/latest',
      'runs/{id:int}',
      'runs/{id}',
      'runs/{*rest}',
    ]);
  });

  test('one route may have a function per method', () => {
    const router = routerOf({ route: 'runs', methods: ['GET'] }, { route: 'runs', methods: ['POST'] });
    expect(router.match('POST', '/api/runs')?.fn.name).toBe('POST runs');
    expect(router.match('DELETE', '/api/runs')).toBeUndefined();
  });

  test.each(['a/{*rest}/b', '{id}/{id}', '{id:colour}', '{unclosed'])('%s is refused by name', (template) => {
    expect(() => compileRoute(template, 'list-runs')).toThrow(/list-runs/);
  });
});
