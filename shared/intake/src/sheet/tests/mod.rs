mod archives;
mod cells;
mod hostile;
mod maker;
mod sheets;
