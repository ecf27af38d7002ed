import { onUnheard } from "./announce.js";
import { cleanUp } from "./cleanup.js";

// What it cleans up it cleans up also when nobody listens.
onUnheard(() => undefined);
cleanUp();
