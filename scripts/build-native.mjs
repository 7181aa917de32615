// Runs at install. The program lies where it is shipped with the package.
import "../server/native/build.mjs";
