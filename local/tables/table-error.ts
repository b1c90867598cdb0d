/** An answer other than success, in the words of the Table service (its codes and messages; our detail follows). */
export class TableError extends Error {
  constructor(
    /** HTTP status. */
    readonly status: number,
    /** The service's error code, also sent as `x-ms-error-code`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'TableError';
  }
}

const INPUT = 'One of the request inputs is not valid.';
const RANGE = 'One of the request inputs is out of range.';

/** Every error the tables answer with, one constructor per meaning. */
export const tableErrors = {
  authenticationFailed: (detail: string) =>
    new TableError(
      403,
      'AuthenticationFailed',
      `Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature. ${detail}`,
    ),
  /** @param what Permission, ResourceType …: what of a shared access signature does not suit the request. */
  authorizationMismatch: (what: string, how: string) =>
    new TableError(
      403,
      `Authorization${what}Mismatch`,
      `This request is not authorized to perform this operation ${how}.`,
    ),
  outOfPermit: () =>
    new TableError(
      403,
      'AuthorizationFailure',
      'This request is not authorized to perform this operation. The key is outside the range of the shared access signature.',
    ),
  invalidInput: (detail: string) => new TableError(400, 'InvalidInput', `${INPUT} ${detail}`),
  outOfRange: (detail: string) => new TableError(400, 'OutOfRangeInput', `${RANGE} ${detail}`),
  invalidUri: () =>
    new TableError(400, 'InvalidUri', 'The requested URI does not represent any resource on the server.'),
  notImplemented: (what: string) =>
    new TableError(
      501,
      'NotImplemented',
      `The requested operation is not implemented on the specified resource. ${what}`,
    ),
  methodNotAllowed: (method: string) =>
    new TableError(405, 'MethodNotAllowed', `The requested method ${method} is not allowed on the resource.`),
  formatNotSupported: (what: string) =>
    new TableError(415, 'AtomFormatNotSupported', `Atom format is not supported. Ask for JSON, not ${what}.`),
  missingHeader: (name: string) =>
    new TableError(
      400,
      'MissingRequiredHeader',
      `An HTTP header that's mandatory for this request is not specified: ${name}.`,
    ),
  bodyTooLarge: (limitBytes: number) =>
    new TableError(
      413,
      'RequestBodyTooLarge',
      `The request body is too large and exceeds the maximum permissible limit of ${limitBytes} bytes.`,
    ),
  tableNotFound: (name: string) =>
    new TableError(404, 'TableNotFound', `The table specified does not exist: ${name}. Create it first.`),
  tableAlreadyExists: () => new TableError(409, 'TableAlreadyExists', 'The table specified already exists.'),
  invalidTableName: (name: string) =>
    new TableError(
      400,
      'InvalidResourceName',
      `The specified resource name contains invalid characters: '${name}'. A table name is 3 to 63 letters and digits and starts with a letter.`,
    ),
  resourceNotFound: () => new TableError(404, 'ResourceNotFound', 'The specified resource does not exist.'),
  entityAlreadyExists: () =>
    new TableError(409, 'EntityAlreadyExists', 'The specified entity already exists.'),
  conditionNotSatisfied: () =>
    new TableError(
      412,
      'UpdateConditionNotSatisfied',
      'The update condition specified in the request was not satisfied.',
    ),
  propertiesNeedValue: () =>
    new TableError(
      400,
      'PropertiesNeedValue',
      'The values are not specified for all properties in the entity: PartitionKey and RowKey are needed.',
    ),
  entityTooLarge: (bytes: number) =>
    new TableError(
      400,
      'EntityTooLarge',
      `The entity is larger than the maximum allowed size (1MB): it has ${bytes} bytes.`,
    ),
  propertyTooLarge: (name: string) =>
    new TableError(
      400,
      'PropertyValueTooLarge',
      `The property value exceeds the maximum allowed size (64KB). If the property value is a string, it is UTF-16 encoded and the maximum number of characters should be 32K or less. Property: ${name}.`,
    ),
  keyTooLarge: (name: string) =>
    new TableError(400, 'KeyValueTooLarge', `The key exceeds the maximum allowed size (1KB): ${name}.`),
  tooManyProperties: () =>
    new TableError(
      400,
      'TooManyProperties',
      'The entity contains more properties than allowed. Each entity can include up to 252 properties to store data.',
    ),
  propertyNameTooLong: (name: string) =>
    new TableError(
      400,
      'PropertyNameTooLong',
      `The property name exceeds the maximum allowed length (255): ${name.slice(0, 40)}….`,
    ),
  propertyNameInvalid: (name: string) =>
    new TableError(400, 'PropertyNameInvalid', `The property name is invalid: '${name}'.`),
  duplicateRow: (rowKey: string) =>
    new TableError(
      400,
      'InvalidDuplicateRow',
      `A command with RowKey '${rowKey}' is already present in the batch. An entity can appear only once in a batch.`,
    ),
  differentPartitions: () =>
    new TableError(
      400,
      'CommandsInBatchActOnDifferentPartitions',
      'All commands in a batch must operate on same entity group.',
    ),
  internal: (detail: string) =>
    new TableError(500, 'InternalError', `Server encountered an internal error. ${detail}`),
};

/** The OData body of an error: `prefix` is the index of the failed operation in a transaction ("2:"). */
export function errorBody(error: TableError, requestId: string, prefix = ''): string {
  const value = `${prefix}${error.message}\nRequestId:${requestId}\nTime:${new Date().toISOString()}`;
  return JSON.stringify({ 'odata.error': { code: error.code, message: { lang: 'en-US', value } } });
}
