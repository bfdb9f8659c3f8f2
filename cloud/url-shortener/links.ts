import { AttributeType, ProjectionType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ownedTable } from '../common/table.ts';
import { OWNER_INDEX } from './constants.ts';

/** The table of links, and one role for each kind of access that the API has. */
export class Links extends Construct {
  readonly table: Table;
  /** May read one link by its name. */
  readonly reader: Role;
  /** May list the links of an owner. */
  readonly lister: Role;
  /** May create, change and delete. */
  readonly writer: Role;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = ownedTable(this, 'Table', { partitionKey: 'id' });
    this.table.addGlobalSecondaryIndex({
      indexName: OWNER_INDEX,
      partitionKey: { name: 'owner', type: AttributeType.STRING },
      sortKey: { name: 'created', type: AttributeType.NUMBER },
      projectionType: ProjectionType.ALL,
    });
    const { tableArn } = this.table;
    this.reader = this.role('Reader', ['dynamodb:GetItem'], tableArn);
    this.lister = this.role('Lister', ['dynamodb:Query'], `${tableArn}/index/${OWNER_INDEX}`);
    this.writer = this.role('Writer', ['dynamodb:DeleteItem', 'dynamodb:UpdateItem'], tableArn);
  }

  private role(id: string, actions: string[], resource: string): Role {
    const role = new Role(this, id, { assumedBy: new ServicePrincipal('apigateway.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions, resources: [resource] }));
    return role;
  }
}
