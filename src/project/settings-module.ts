/**
 * The settings module that a manage.py sets as default, as `django-admin startproject` writes it.
 *
 * @returns undefined when the text names none literally.
 */
export function settingsModule(managePy: string): string | undefined {
  return /^[^#\n]*["']DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([A-Za-z_][\w.]*)["']/m.exec(managePy)?.[1];
}
