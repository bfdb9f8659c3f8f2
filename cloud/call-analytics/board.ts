import { Dashboard, GraphWidget, type IMetric, Metric, Row } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { QueuedFunction } from '../common/queued-function.ts';
import { METRICS_NAMESPACE } from './constants.ts';
import type { Routing } from './routing.ts';
import type { Steps } from './steps.ts';

/** Everything of the stack on one page of CloudWatch. */
export class Board extends Construct {
  constructor(scope: Construct, id: string, steps: Steps, routing: Routing) {
    super(scope, id);
    const all = Object.entries({
      transcribe: steps.transcribe,
      translate: steps.translate,
      sentiment: steps.sentiment,
      failed: steps.failed,
    });
    const counted = (metricName: string) =>
      new Metric({ namespace: METRICS_NAMESPACE, metricName, statistic: 'Sum', label: metricName });
    const each = (metric: (step: QueuedFunction) => Metric, statistic: string) =>
      all.map(([label, step]) => metric(step).with({ label, statistic }));
    new Dashboard(this, 'Board').addWidgets(
      new Row(
        graph('Calls', ['Started', 'Translated', 'Analysed', 'Failed'].map(counted)),
        graph('Told', ['Published', 'Mailed'].map(counted)),
      ),
      new Row(
        graph(
          'Waiting',
          each(({ queue }) => queue.metricApproximateNumberOfMessagesVisible(), 'Maximum'),
        ),
        graph(
          'Oldest, s',
          each(({ queue }) => queue.metricApproximateAgeOfOldestMessage(), 'Maximum'),
        ),
        graph('Put aside', [
          ...each(({ deadLetters }) => deadLetters.metricApproximateNumberOfMessagesVisible(), 'Maximum'),
          routing.deadLetters.metricApproximateNumberOfMessagesVisible({
            label: 'routing',
            statistic: 'Maximum',
          }),
        ]),
      ),
      new Row(
        graph(
          'Errors',
          each((step) => step.function.metricErrors(), 'Sum'),
        ),
        graph(
          'Duration p99, ms',
          each((step) => step.function.metricDuration(), 'p99'),
        ),
      ),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8 });
}
