/** A file of the built page by its address. */
declare module "*?url" {
  const address: string;
  export default address;
}
