export type Language = 'en' | 'de' | 'fr' | 'es' | 'ja' | 'ar';

export interface Phrases {
  readonly names: readonly string[];
  readonly questions: readonly string[];
  readonly answers: readonly string[];
}

/** Every person, address and number below is invented: example.com, fictional phone ranges. */
export const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    names: [
      'Where is my order?',
      'Reset password',
      'Invoice 2024-118 is missing',
      'Opening hours',
      'Refund for a broken lamp',
      "O'Brien & Sons: bulk pricing",
      'Returning "as new" items',
      'Delivery to Ireland 🇮🇪',
    ],
    questions: [
      'Hello, I am Alice Example, my order never arrived. You can reach me at alice@example.com.',
      'Can you call me back on +1 202-555-0143? The invoice is wrong.',
      'Do you ship to a PO box?',
      'My account jsmith@example.com is locked again.',
    ],
    answers: [
      'Thank you for asking. Orders usually arrive within three working days.',
      'You can reset it under Settings. Nobody here will ask for your password.',
      'I could not find that in our documents. Please contact support@example.com.',
    ],
  },
  de: {
    names: [
      'Größe umtauschen',
      'Rückfrage zur Rechnung',
      'Öffnungszeiten über Ostern',
      'Datenauskunft',
      'Lieferung nach Österreich',
    ],
    questions: [
      'Guten Tag, Jörg Muster hier (joerg.muster@example.com), wo bleibt meine Bestellung?',
      'Passt die Größe 42 auch bei breiten Füßen?',
      'Ich möchte wissen, welche Daten Sie über mich gespeichert haben.',
    ],
    answers: [
      'Gerne! Der Umtausch ist innerhalb von 30 Tagen möglich.',
      'Dazu steht leider nichts in unseren Unterlagen.',
    ],
  },
  fr: {
    names: ['Suivi de commande', 'Échange d’un article', 'Facture égarée', 'Carte cadeau périmée'],
    questions: [
      'Bonjour, je suis Élodie Exemple (elodie@example.com), ma commande n’est pas arrivée.',
      'Livrez-vous en Corse ?',
    ],
    answers: ['Bien sûr, la livraison prend trois à cinq jours.', 'Je n’ai pas trouvé cette information.'],
  },
  es: {
    names: ['¿Dónde está mi pedido?', 'Cambio de dirección', 'Factura de mañana'],
    questions: ['Hola, soy Íñigo Ejemplo, mi teléfono es +1 202-555-0178.', '¿Hacen envíos a Canarias?'],
    answers: ['Claro, tarda unos cinco días.', 'No he encontrado esa información.'],
  },
  ja: {
    names: ['注文の確認', '返品について', 'パスワードを忘れました'],
    questions: ['山田例子です。注文番号を教えてください。yamada@example.com', '送料はいくらですか？'],
    answers: ['三営業日以内にお届けします。', '該当する情報が見つかりませんでした。'],
  },
  ar: {
    names: ['أين طلبي؟', 'استرجاع المبلغ'],
    questions: ['مرحبا، بريدي هو layla@example.com، أين طلبي؟'],
    answers: ['يصل الطلب خلال ثلاثة أيام عمل.'],
  },
};

export const TEST_NAMES = [
  'test-widget',
  'test-login',
  'test-2',
  'demo for the board',
  'demo-checkout',
  'Test of the new prompt',
];

export const VIP_NAMES = ['VIP: Contoso renewal', 'Call back (VIP)', 'VIP onboarding', 'vip lounge question'];

/** From the ranges reserved for documentation. */
export const IP_PREFIXES = ['192.0.2.', '198.51.100.', '203.0.113.'];
