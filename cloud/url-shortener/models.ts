import { type JsonSchema, JsonSchemaType, JsonSchemaVersion } from 'aws-cdk-lib/aws-apigateway';
import { LINK_ID, LINK_URL, MAX_URL_LENGTH, RESERVED_IDS } from './constants.ts';

const id: JsonSchema = {
  type: JsonSchemaType.STRING,
  pattern: LINK_ID,
  not: { enum: RESERVED_IDS },
};
const url: JsonSchema = { type: JsonSchemaType.STRING, pattern: LINK_URL, maxLength: MAX_URL_LENGTH };
const text: JsonSchema = { type: JsonSchemaType.STRING };

/** Body of `POST /app`. */
export const newLink: JsonSchema = {
  schema: JsonSchemaVersion.DRAFT4,
  type: JsonSchemaType.OBJECT,
  properties: { id, url },
  required: ['id', 'url'],
  additionalProperties: false,
};

/** Body of `PUT /app/{linkId}`: the whole link as it was given out, or its new address alone. */
export const changedLink: JsonSchema = {
  schema: JsonSchemaVersion.DRAFT4,
  type: JsonSchemaType.OBJECT,
  properties: { id, url, timestamp: text, owner: text },
  required: ['url'],
  additionalProperties: false,
};
