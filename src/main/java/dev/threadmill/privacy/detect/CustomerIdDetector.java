package dev.threadmill.privacy.detect;

import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Numbers of customers, members, policies and accounts, by the words before them. */
final class CustomerIdDetector implements Detector {
  private static final Pattern NAMED =
      Pattern.compile(
          "(?iu)(?<!\\p{L})(?:(?:customer|client|member(?:ship)?|account|patient|policy|passport)[ _-]?(?:id|no\\.?|number|nr\\.?|#)"
              + "|(?:kunden|mitglieds|vertrags|versicherten|patienten|konto)-?(?:nummer|nr\\.?|id)|num[ée]ro (?:de )?(?:client|compte|contrat|adhérent)|n° (?:de )?client"
              + "|n[úu]mero (?:de |do )?(?:cliente|cuenta|contrato|conta|socio|sócio)|id (?:de |do )?cliente|numero (?:di )?cliente|codice cliente"
              + "|klant(?:en)?(?:nummer|nr\\.?|-id)|numer klienta|kundnummer|номер (?:клиента|договора|счета|счёта)|müşteri (?:no|numarası|numaram)|顧客番号|会員番号|客户(?:编号|号)|会员号|ग्राहक (?:संख्या|आईडी)|고객 ?번호)"
              + "[\\s:：=#\"'*は是]{0,4}(?:(?:is|ist|lautet|est|es|è|é|to|är|है|은|는)[\\s:]{1,2})?"
              + "((?=[A-Za-z_-]{0,12}\\d)[A-Za-z0-9][A-Za-z0-9_/-]{2,31})");

  @Override
  public void find(String text, Consumer<Finding> findings) {
    var found = NAMED.matcher(text);
    while (found.find()) {
      findings.accept(new Finding(EntityKind.CUSTOMER_ID, found.start(1), found.end(1)));
    }
  }
}
