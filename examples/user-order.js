'use strict';
// Order for each user: what one user did is handled one after the other, in the order in which it
// happened, while different users are served in parallel by any number of workers.
//
//   node examples/user-order.js
//
// The queue knows a message's user by a header, which x-message-group names. A worker is given the
// next message of a user only when the one before it is settled, by whichever worker had it.

const amqp = require('amqplib');

const QUEUE = 'user.actions';
const USERS = ['ann', 'bob', 'cleo'];
const ACTIONS = 5;

/** Each action takes up to 10 ms, so without groups they would overtake each other. */
async function startWorker(connection, onDone) {
  const channel = await connection.createChannel();
  await channel.consume(QUEUE, (message) => {
    if (message === null) return;  // The queue was deleted.
    setTimeout(() => {
      onDone(message.properties.headers.user, message.content.toString());
      channel.ack(message);
    }, Math.random() * 10);
  });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-message-group': 'user' } });
  for (let action = 1; action <= ACTIONS; action++) {
    for (const user of USERS) {
      channel.sendToQueue(QUEUE, Buffer.from(String(action)),
        { persistent: true, headers: { user } });
    }
  }
  await channel.waitForConfirms();

  const done = new Map(USERS.map((user) => [user, []]));
  let left = USERS.length * ACTIONS;
  await new Promise((resolve) => {
    const onDone = (user, action) => {
      done.get(user).push(action);
      if (--left === 0) resolve();
    };
    for (let worker = 0; worker < 3; worker++) startWorker(connection, onDone);
  });
  for (const [user, actions] of done) console.log(`${user}: ${actions.join(' ')}`);

  await channel.deleteQueue(QUEUE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
