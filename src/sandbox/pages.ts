/** How a fault bends a list page. */
export interface PageTwist {
  /** The page shows the rows of the page before it. */
  readonly repeatPage?: boolean;
  /** Added to the true `total`. */
  readonly totalOffset?: number;
  /** Added to the true `last_page`, which is never less than 1. */
  readonly lastPageOffset?: number;
  /** So many rows at the end of the page are missing, without a word. */
  readonly dropRows?: number;
}

export interface PageRequest {
  readonly page: number;
  readonly perPage: number;
  /** The list's own URL, without a query. */
  readonly url: string;
  readonly twist: PageTwist;
  readonly stringly: boolean;
}

export interface Rows {
  readonly rows: readonly unknown[];
  readonly total: number;
}

export interface Page {
  readonly current_page: number;
  readonly data: readonly unknown[];
  readonly last_page: number;
  readonly [field: string]: unknown;
}

/** The page number asked for; what is no positive integer means the first page. */
export function pageNumber(value: string | null): number {
  const page = value !== null && /^\d{1,9}$/u.test(value) ? Number(value) : 1;
  return Math.max(1, page);
}

/** One page in the form of the vendor's paginator: an offset into the set as it is now. */
export function paginate(request: PageRequest, read: (offset: number, count: number) => Rows): Page {
  const { page, perPage, url, twist } = request;
  const shownPage = twist.repeatPage === true ? Math.max(1, page - 1) : page;
  const { rows, total: trueTotal } = read((shownPage - 1) * perPage, perPage);
  const data = rows.slice(0, Math.max(0, rows.length - (twist.dropRows ?? 0)));
  const total = Math.max(0, trueTotal + (twist.totalOffset ?? 0));
  const lastPage = Math.max(1, Math.ceil(trueTotal / perPage) + (twist.lastPageOffset ?? 0));
  const linkTo = (target: number): string => `${url}?page=${target}`;
  const from = rows.length === 0 ? null : (page - 1) * perPage + 1;
  return {
    current_page: page,
    data,
    first_page_url: linkTo(1),
    from,
    last_page: lastPage,
    last_page_url: linkTo(lastPage),
    next_page_url: page < lastPage ? linkTo(page + 1) : null,
    path: url,
    per_page: request.stringly ? String(perPage) : perPage,
    prev_page_url: page > 1 ? linkTo(page - 1) : null,
    to: from === null ? null : from + data.length - 1,
    total,
  };
}
