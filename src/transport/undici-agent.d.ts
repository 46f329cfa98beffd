// The one file of undici that is loaded; the package gives types for its whole only.
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}
