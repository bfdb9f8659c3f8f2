import type { Family } from '../desk/family.ts';

export const ses: Family = {
  'AWS::SES::EmailIdentity': {
    properties: ['EmailIdentity', 'Tags'],
    create({ properties }, desk) {
      const identity = String(properties.EmailIdentity);
      desk.ses.addIdentity(identity);
      return { ref: identity };
    },
  },
};
