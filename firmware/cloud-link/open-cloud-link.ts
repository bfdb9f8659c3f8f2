import type { Config } from '../../config/schema.ts';
import { type AwsBrokerOptions, openAwsBroker } from './aws-broker.ts';
import { type CloudLink, type CloudLinkDeps, createCloudLink, thingNameOf } from './cloud-link.ts';
import { splitEndpoint } from './endpoint.ts';
import { readIdentity } from './identity.ts';
import { statusMessage } from './status.ts';
import { topicsOf } from './topics.ts';

/**
 * The link to AWS IoT Core, connecting from now on; null where `cloud.endpoint` is empty.
 * @throws Error when a certificate file is missing or no certificate. A cloud out of reach is no error.
 */
export async function openCloudLink(
  config: Config,
  deps: CloudLinkDeps,
  reconnect?: AwsBrokerOptions['reconnect'],
): Promise<CloudLink | null> {
  const { cloud } = config;
  if (cloud.endpoint === '') return null;
  const thing = thingNameOf(config);
  const topics = topicsOf(thing);
  const broker = await openAwsBroker({
    ...splitEndpoint(cloud.endpoint, cloud.port),
    clientId: thing,
    identity: readIdentity(cloud),
    keepAliveS: cloud.keepAliveS,
    will: cloud.topics === 'all' ? statusMessage(topics, { state: 'offline' }) : null,
    unusedFilter: `${thing}/probe`,
    ...(reconnect ? { reconnect } : {}),
  });
  return createCloudLink(config, broker, deps);
}
