/** The version of foster, put in by the build; a checkout says what it is. */
declare const FOSTER_VERSION: string | undefined

export const version: string = typeof FOSTER_VERSION === 'string' ? FOSTER_VERSION : 'from source'
