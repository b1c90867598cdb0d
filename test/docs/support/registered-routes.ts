import { RegisteredFunctions } from '../../support/app-rig';

/** How app.ts registered an HTTP function. */
export interface RegisteredRoute {
  name: string;
  method: string;
  route: string;
  authLevel: string;
}

type Register = RegisteredFunctions['core']['registerFunction'];
type Binding = { type: string; route?: string; methods?: string[]; authLevel?: string };

/** Collects what the app registers, with the routes of its HTTP functions. */
export class RegisteredRoutes extends RegisteredFunctions {
  private readonly found = new Map<string, RegisteredRoute>();

  constructor() {
    super();
    const register = this.core.registerFunction;
    this.core.registerFunction = (...[metadata, handler]: Parameters<Register>): ReturnType<Register> => {
      for (const binding of Object.values<Binding>(metadata.bindings)) {
        if (binding.type !== 'httpTrigger') continue;
        const { route = metadata.name, methods = [], authLevel = 'anonymous' } = binding;
        this.found.set(metadata.name, { name: metadata.name, method: methods.join(), route, authLevel });
      }
      return register(metadata, handler);
    };
  }

  get routes(): RegisteredRoute[] {
    return [...this.found.values()];
  }
}
