// Loaded into the program's process before it.
import { quicken } from './quicken.mjs';

quicken();
