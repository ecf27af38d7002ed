import fc from "fast-check";

// A property that fails says something of the code only where it fails again: the seed is fixed, `npm run test:full` takes a new one.
if (process.env.DAD_FULL !== "1") fc.configureGlobal({ seed: 1 });
