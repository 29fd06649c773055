'use strict';
// Work queue: tasks are shared between two workers; each takes one at a time, so that the faster
// worker gets more of them. A task that was not acknowledged would go to the other worker.
//
//   node examples/work-queue.js

const amqp = require('amqplib');

const QUEUE = 'image-resizing';
const TASKS = 12;

/** A worker on a channel of its own that needs `milliseconds` for each task. */
async function startWorker(connection, name, milliseconds, onDone) {
  const channel = await connection.createChannel();
  await channel.prefetch(1);  // The next task comes only after the ack of this one.
  await channel.consume(QUEUE, (task) => {
    if (task === null) return;  // The queue was deleted.
    setTimeout(() => {
      console.log(`${name} did ${task.content}`);
      channel.ack(task);
      onDone();
    }, milliseconds);
  });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true });

  let left = TASKS;
  const allDone = new Promise((resolve) => {
    const onDone = () => { if (--left === 0) resolve(); };
    startWorker(connection, 'fast worker', 10, onDone);
    startWorker(connection, 'slow worker', 60, onDone);
  });

  for (let number = 1; number <= TASKS; number++) {
    channel.sendToQueue(QUEUE, Buffer.from(`task ${number}`), { persistent: true });
  }
  await channel.waitForConfirms();

  await allDone;
  console.log('all tasks done');
  await channel.deleteQueue(QUEUE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
