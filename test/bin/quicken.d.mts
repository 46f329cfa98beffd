export function quicken(): () => void;
