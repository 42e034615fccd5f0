// Makes MongoDB what the services need: a replica set of one (for transactions), and for each service a user who may
// read and write that service's database alone. Safe to run again: it only adds what is missing and sets the passwords.

const services = ["gateway", "moderation", "feed"];

function connect_as_root(options) {
  const password = encodeURIComponent(process.env.MONGO_ROOT_PASSWORD);
  return new Mongo(`mongodb://root:${password}@mongo:27017/?authSource=admin${options}`);
}

const admin = connect_as_root("&directConnection=true").getDB("admin");
try {
  admin.runCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] } });
} catch (error) {
  if (error.codeName !== "AlreadyInitialized") throw error;
}
for (let tries = 0; !admin.hello().isWritablePrimary; tries += 1) {
  if (tries === 60) throw new Error("the replica set has no primary after a minute");
  sleep(1000);
}

for (const service of services) {
  const database = admin.getSiblingDB(`promptgram_${service}`);
  const pwd = process.env[`MONGO_${service.toUpperCase()}_PASSWORD`];
  const roles = [{ role: "readWrite", db: database.getName() }];
  if (database.getUser(service)) database.updateUser(service, { pwd, roles });
  else database.createUser({ user: service, pwd, roles });
  print(`${service} may use ${database.getName()}`);
}
