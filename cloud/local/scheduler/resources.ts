import type { Family } from '../desk/family.ts';
import { SCHEDULE_PROPERTIES, type ScheduleProperties, unsupportedIn } from './check.ts';

export const scheduler: Family = {
  'AWS::Scheduler::Schedule': {
    properties: SCHEDULE_PROPERTIES,
    unsupported: (properties) => unsupportedIn(properties),
    create({ name, properties }, { schedules }) {
      const { Name = name, GroupName = 'default', StartDate, EndDate, ...rest } = properties;
      const seconds = (given: unknown) => Date.parse(String(given)) / 1000;
      const { arn } = schedules.create({
        ...(rest as unknown as ScheduleProperties),
        Name: String(Name).slice(-64),
        GroupName: String(GroupName),
        ...(StartDate === undefined ? {} : { StartDate: seconds(StartDate) }),
        ...(EndDate === undefined ? {} : { EndDate: seconds(EndDate) }),
      });
      return { ref: String(Name).slice(-64), attributes: { Arn: arn } };
    },
  },
  'AWS::Scheduler::ScheduleGroup': {
    properties: ['Name', 'Tags'],
    create({ name, properties: { Name = name } }, { schedules }) {
      return { ref: String(Name), attributes: { Arn: schedules.addGroup(String(Name)), State: 'ACTIVE' } };
    },
  },
};
