'use strict';
// Manual acknowledgement: a job that succeeds is acked, one that fails for the moment is put back
// (nack with requeue) and comes again, one that can never succeed is dropped (nack without).
//
//   node examples/manual-ack.js

const amqp = require('amqplib');

const QUEUE = 'invoices';
const JOBS = ['good', 'busy database', 'unreadable'];

/** Decides about one job: 'ack', 'requeue' or 'drop'. */
function handle(message) {
  const job = message.content.toString();
  if (job === 'unreadable') return 'drop';
  // The second attempt finds the database at leisure.
  if (job === 'busy database' && !message.fields.redelivered) return 'requeue';
  return 'ack';
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  await channel.prefetch(1);
  for (const job of JOBS) channel.sendToQueue(QUEUE, Buffer.from(job), { persistent: true });
  await channel.waitForConfirms();

  let settled = 0;
  await new Promise((resolve) => {
    channel.consume(QUEUE, (message) => {
      if (message === null) return;  // The queue was deleted.
      const decision = handle(message);
      console.log(`${message.content}: ${decision}${message.fields.redelivered ? ' (again)' : ''}`);
      if (decision === 'ack') channel.ack(message);
      else channel.nack(message, false, decision === 'requeue');
      if (decision !== 'requeue' && ++settled === JOBS.length) resolve();
    });
  });

  const { messageCount } = await channel.deleteQueue(QUEUE);
  console.log(`${messageCount} left in the queue`);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
